SELECT id, full_name FROM customers WHERE email = 'person4243@shop.example';
